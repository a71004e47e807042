"""What the check of questions goes by: data files, each with a comment for its reader."""
