"""The youth's way: come aboard, follow the path, leave a clean screen for the next pair."""
