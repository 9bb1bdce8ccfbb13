#include "units.h"

UnitKind
unit_kind (const gchar * media)
{
  if (g_str_equal (media, "video/x-h264"))
    return UNIT_H264;
  return g_str_equal (media, "video/x-h265") ? UNIT_H265 : UNIT_OTHER;
}

/* Of the NAL unit that begins with this byte: 1 or 0, or -1 when it is no picture's slice. */
static gint
reference (UnitKind kind, guint8 first)
{
  guint type = kind == UNIT_H264 ? first & 0x1f : first >> 1 & 0x3f;

  if (kind == UNIT_H264)
    return type >= 1 && type <= 5 ? (first & 0x60) != 0 : -1;
  /* H.265: of the types below 16, the even ones are sub-layer non-reference pictures (table 7-1). */
  return type > 31 ? -1 : type > 15 || type % 2 == 1;
}

gboolean
unit_is_reference (UnitKind kind, GstBuffer * unit)
{
  GstMapInfo map;
  gint found = -1;

  if (kind == UNIT_OTHER || !gst_buffer_map (unit, &map, GST_MAP_READ))
    return TRUE;
  for (gsize i = 0; i + 3 < map.size && found < 0; i++)
    if (map.data[i] == 0 && map.data[i + 1] == 0 && map.data[i + 2] == 1)
      found = reference (kind, map.data[i + 3]);
  gst_buffer_unmap (unit, &map);
  return found != 0;
}
