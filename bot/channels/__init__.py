"""The ways to reach people: one package a messenger, none of which knows another."""
