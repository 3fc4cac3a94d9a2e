"""The model floor: find a base model, refuse what could run code, load it, and know its facts."""
