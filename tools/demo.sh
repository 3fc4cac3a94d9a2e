#!/usr/bin/env bash
# The main job on the shipped data: make a project, look at it, train, compare, ask. Rebuilds demo-run/.
set -euo pipefail
cd "$(dirname "$0")/.."
finetune=${1:-llm-finetune}
folder=demo-run
prompt="book a table for five at a steakhouse in austin"

step() {
    printf '\n== llm-finetune %s\n' "$*"
    "$finetune" "$@"
}

SECONDS=0
rm -rf "$folder"
step init "$folder"
step check --project "$folder"
step preview --rows 1 --project "$folder"
step train --project "$folder"
step evaluate --project "$folder"
step generate "$prompt" --project "$folder"
printf '\nadapter:   %s\nscorecard: %s\nlog:       %s\ntook %d s\n' \
    "$folder/checkpoints/adapter_model" "$folder/logs/scorecard.json" "$folder/logs/training.log" "$SECONDS"
