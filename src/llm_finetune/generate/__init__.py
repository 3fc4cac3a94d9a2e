"""The generate floor: answers from a model, many at once or streamed in a conversation."""
