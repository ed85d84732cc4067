"""Commands around a training: ablation, curves, overlap with tasks, speed."""
