"""How a department's system becomes assets; knows nothing of labels."""
