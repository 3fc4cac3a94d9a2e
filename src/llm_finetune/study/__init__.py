"""The journey many times, or on something small first. Knows no terminal."""
