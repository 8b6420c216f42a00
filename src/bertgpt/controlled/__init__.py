"""The controlled experiment: a small language, one stack; only mask, objective and head change."""
