"""``msbench compare``: two results folders, or two rows: what changed, significantly or not."""
