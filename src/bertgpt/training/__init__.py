"""The training loop, pretraining objectives and the device."""
