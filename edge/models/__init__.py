"""Networks: what a model.yaml says, where the files are, and fetching those that are not here yet."""
