"""Acts of people and of the program: who did what, when and why, in one chain that shows any later change."""
