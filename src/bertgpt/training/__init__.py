"""The training loop, pretraining, fine-tuning and the device."""
