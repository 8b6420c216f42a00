"""The controlled experiment: a small language, one stack; mask, objective, head change alone."""
