"""What a step sees of the audio: crops mixed, augmented, shifted in pitch, as log-mel views."""
