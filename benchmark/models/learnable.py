"""Between which values heads can learn from an embedding; apart from what imports torch."""

# Largest absolute value of an embedding between which heads can learn. Measured: log spectra with
# largest values of 1 to 14, times a power of ten, through HEAR's heads on the embedded suite.
# Scores are the same from 1e-4 to 1e17 times. They are lower at 1e-5 and near chance at 1e-6,
# because batch normalisation adds 1e-5 to a variance. They are lower from 1e19 times on, where
# float32 has no square.
HUGE = 1e17
TINY = 1e-5
