"""Settings that reach a fresh warehouse."""

from tests.support.warehouse_settings import bare_settings, warehouse_settings

__all__ = ["bare_settings", "warehouse_settings"]
