"""Real text without a network: Wikipedia, Python code, lists of human judgements."""
