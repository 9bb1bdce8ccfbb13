/* What an access unit says of itself, as far as skipping pictures needs it. */

#pragma once

#include <gst/gst.h>

typedef enum
{ UNIT_OTHER, UNIT_H264, UNIT_H265 } UnitKind;

UnitKind unit_kind (const gchar * media);

/* Whether other pictures may refer to this one; TRUE when that cannot be told. */
gboolean unit_is_reference (UnitKind kind, GstBuffer * unit);
