"""Check, train, compare base and tuned model. Runs with `python`, `torchrun` or `accelerate launch`."""

from pathlib import Path

from llm_finetune.workflow import check, evaluate, is_main_process, open_project, train


def main() -> None:
    project = open_project(Path(__file__).resolve().parents[1])
    check(project)
    train(project)
    if is_main_process():
        for row in evaluate(project).rows:
            print(f"{row.metric}: base {row.base}, tuned {row.tuned}, n {row.n}")


if __name__ == "__main__":
    main()
