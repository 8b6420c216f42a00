"""Models that write: GPT from left to right, with and without a cache; BERT by filling gaps."""
