"""TensorBoard and trackio mirror the metrics where they are installed."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest


def test_tensorboard_writes_into_the_logs(make_project: Any, cli: Any) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    project = make_project(training__report_to="tensorboard", training__max_steps=3)
    outcome = cli("train", "--project", project)
    assert outcome.code == 0, outcome.err
    events = EventAccumulator(str(project / "logs" / "tensorboard"))
    events.Reload()
    logged = [event.value for event in events.Scalars("train/loss")]
    rows = [json.loads(line) for line in (project / "logs" / "metrics.jsonl").read_text().splitlines()]
    assert logged == pytest.approx([row["loss"] for row in rows if "loss" in row])


def test_trackio_keeps_the_losses(make_project: Any, process: Any, tmp_path: Path) -> None:
    pytest.importorskip("trackio")
    project = make_project(training__report_to="trackio", training__max_steps=3, training__project="mine")
    home = {"TRACKIO_DIR": str(tmp_path / "trackio"), "HF_HOME": str(tmp_path / "hf"), "HF_HUB_OFFLINE": "1"}
    outcome = process("train", "--project", project, **home)
    assert outcome.code == 0, outcome.err
    databases = list((tmp_path / "trackio").rglob("*.db"))
    assert databases
    with sqlite3.connect(databases[0]) as database:
        assert database.execute("select count(*) from metrics").fetchone()[0] >= 3
