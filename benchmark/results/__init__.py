"""What a run keeps: a cell per model and task, its predictions, the table of cells."""
