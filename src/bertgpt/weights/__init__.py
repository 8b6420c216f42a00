"""Weights in and out: published BERT and GPT-2, and our own models saved and loaded."""
