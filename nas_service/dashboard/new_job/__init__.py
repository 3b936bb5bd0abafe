"""A new job: form, text and preview."""
