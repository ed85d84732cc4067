"""Probes beside HEAR's head: logistic regression and nearest neighbours, by scikit-learn."""
