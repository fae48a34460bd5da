"""Import of exported files: CSV and JSON lines become mentions like any other, as history."""
