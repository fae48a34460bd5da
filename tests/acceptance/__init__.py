"""See the folder name."""
