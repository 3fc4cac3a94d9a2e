"""The data floor: read rows, check them, and turn them into token ids with a mask. Knows no model, only a TextModel."""
