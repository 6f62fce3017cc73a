"""What the catalogue refuses beside the shop's common refusals."""

from transactional.errors import ShopError


class NotABundleError(ShopError):
    type, status = "not-a-bundle", 409
    title = "Not a bundle"
    message = "Only a SKU of a bundle has parts."


class DearBundleError(ShopError):
    type, status = "dear-bundle", 409
    title = "Bundle dearer than its parts"
    message = "A bundle cannot cost more than its parts together. Nothing was changed."
