"""What tasks are known, whether they are here or not: HEAR's, the embedded suite, local folders."""
