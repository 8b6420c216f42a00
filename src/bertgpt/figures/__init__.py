"""Figures of the book: charts, maps and views of attention, and what puts them in a page."""
