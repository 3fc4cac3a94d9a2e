"""The journey as functions: check → preview, stats → train → evaluate → generate, chat → merge → push.

This is the public Python API and the table of contents of the package. Each function takes an opened project.
"""

from llm_finetune.workflow.answering import evaluate, generate, open_chat
from llm_finetune.workflow.checking import check, check_any
from llm_finetune.workflow.cleaning import write_clean, write_clean_any
from llm_finetune.workflow.delivering import merge, push
from llm_finetune.workflow.history import CURRENT_RUN, runs
from llm_finetune.workflow.looking import environment
from llm_finetune.workflow.opening import Opened, is_main_process, open_project
from llm_finetune.workflow.planning import plan
from llm_finetune.workflow.seeing import preview, preview_any, stats, stats_any
from llm_finetune.workflow.training import deliver_checkpoint, train

__all__ = [
    "CURRENT_RUN",
    "Opened",
    "check",
    "check_any",
    "deliver_checkpoint",
    "environment",
    "evaluate",
    "generate",
    "is_main_process",
    "merge",
    "open_chat",
    "open_project",
    "plan",
    "preview",
    "preview_any",
    "push",
    "runs",
    "stats",
    "stats_any",
    "train",
    "write_clean",
    "write_clean_any",
]
