"""`python -m llm_finetune` is the same as the command `llm-finetune`."""

from llm_finetune.cli.app import main

if __name__ == "__main__":
    main()
