"""Small tasks with a known answer: how to draw their data, and how to score a model on it."""
