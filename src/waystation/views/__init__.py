"""Views: read models for the pages. SQL over the tables; counting lives here, and nowhere else."""
