"""The official lists: views of what was in force on a day, and the issues that were put on record."""
