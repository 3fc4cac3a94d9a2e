"""The plan floor: what a run will need, counted before any weight is loaded. Knows no training and no project."""
