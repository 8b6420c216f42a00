"""Nets that read one step at a time: RNN, LSTM, encoder-decoder; Ising and Hopfield."""
