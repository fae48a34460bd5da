"""Setting up an own brand: questions, configuration, tests, first listening."""
