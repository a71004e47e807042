"""The record: tables, organisation, who may do what, and audit."""
