"""The machinery of configuration: strict models, YAML and JSON with line numbers, overrides. Knows no stage."""
