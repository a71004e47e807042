"""`python -m bot`: makes the environment if need be, then runs the command line."""

from bot import bootstrap

if __name__ == "__main__":
    bootstrap.enter("bot", bootstrap.RUNTIME)
    from bot.cli import main

    raise SystemExit(main())
