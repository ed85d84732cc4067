"""What a training step costs and what of it is not the encoder, beside the authors' pipeline."""
