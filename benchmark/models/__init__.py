"""What is measured: HEAR modules, by name, by fingerprint, here or in another interpreter."""
