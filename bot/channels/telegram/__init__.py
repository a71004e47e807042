"""Telegram: aiogram listens (`listen`, `webhook`), python-telegram-bot speaks (`channel`).

Nothing here imports aiogram before `service.TelegramService` is started: it costs seconds.
"""
