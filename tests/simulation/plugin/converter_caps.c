#include "converter_caps.h"

#include <gst/video/video.h>

#include "nvmm.h"
#include "release.h"

/* Of all, for input and output: NVMM alone is also "n", system memory alone "s", input alone "i". */
static const struct
{
  const gchar *format, *where;
  Release since;
} formats[] = {
  { "I420", "", 0 },
  { "I420_10LE", "n", 0 },
  { "P010_10LE", "n", 0 },
  { "I420_12LE", "ni", 0 },
  { "UYVY", "", 0 },
  { "YUY2", "", 0 },
  { "YVYU", "", 0 },
  { "NV12", "", 0 },
  { "NV16", "", 0 },
  { "NV24", "", 0 },
  { "P010_10LE", "si", 0 },
  { "GRAY8", "", 0 },
  { "BGRx", "", 0 },
  { "RGBA", "", 0 },
  { "Y42B", "", 0 },
  { "Y444", "", RELEASE_R35 },
};

/* What GRAY8 becomes. */
static gboolean
from_grey (const gchar * format)
{
  return g_str_equal (format, "GRAY8") || g_str_equal (format, "I420");
}

/* The formats of a pad, as a list; with "other" only those that go with one of its formats at the other pad. */
static void
list_formats (GValue * list, gboolean nvmm, gboolean input, const GValue * other)
{
  gboolean only_grey = FALSE, no_grey = FALSE;
  GValue grey = G_VALUE_INIT, plain = G_VALUE_INIT;

  g_value_init (&grey, G_TYPE_STRING);
  g_value_set_static_string (&grey, "GRAY8");
  if (other != NULL && !input)
    only_grey = G_VALUE_HOLDS_STRING (other) && gst_value_compare (other, &grey) == GST_VALUE_EQUAL;
  if (other != NULL && input) {
    g_value_init (&plain, G_TYPE_STRING);
    g_value_set_static_string (&plain, "I420");
    no_grey = !gst_value_can_intersect (other, &grey) && !gst_value_can_intersect (other, &plain);
    g_value_unset (&plain);
  }
  g_value_unset (&grey);

  g_value_init (list, GST_TYPE_LIST);
  for (guint i = 0; i < G_N_ELEMENTS (formats); i++) {
    const gchar *where = formats[i].where, *format = formats[i].format;
    if (release_get () < formats[i].since || (!input && strchr (where, 'i') != NULL)
        || strchr (where, nvmm ? 's' : 'n') != NULL || (only_grey && !from_grey (format))
        || (no_grey && g_str_equal (format, "GRAY8")))
      continue;
    GValue value = G_VALUE_INIT;
    g_value_init (&value, G_TYPE_STRING);
    g_value_set_static_string (&value, format);
    gst_value_list_append_and_take_value (list, &value);
  }
}

/* The structure with the formats of a pad, as caps. Takes the structure. */
static GstCaps *
with_formats (GstStructure * structure, gboolean nvmm, gboolean input, const GValue * other)
{
  GValue list = G_VALUE_INIT;

  list_formats (&list, nvmm, input, other);
  gst_structure_take_value (structure, "format", &list);
  if (nvmm)
    return nvmm_caps_take (structure);
  return gst_caps_new_full (structure, NULL);
}

static GstCaps *
pad_caps (gboolean input)
{
  GstCaps *caps = gst_caps_new_empty ();

  for (gint nvmm = 1; nvmm >= 0; nvmm--) {
    GstStructure *structure = gst_structure_new ("video/x-raw", "width", GST_TYPE_INT_RANGE, 1, G_MAXINT, "height",
        GST_TYPE_INT_RANGE, 1, G_MAXINT, "framerate", GST_TYPE_FRACTION_RANGE, 0, 1, G_MAXINT, 1, NULL);
    gst_caps_append (caps, with_formats (structure, nvmm, input, NULL));
  }
  return caps;
}

GstCaps *
converter_sink_caps (void)
{
  return pad_caps (TRUE);
}

GstCaps *
converter_src_caps (void)
{
  return pad_caps (FALSE);
}

static GstCaps *
other_caps (GstPadDirection direction, GstCaps * caps)
{
  GstCaps *others = gst_caps_new_empty ();
  gboolean input = direction == GST_PAD_SRC;

  /* The same memory first, then the other. */
  for (guint i = 0; i < gst_caps_get_size (caps); i++) {
    GstCapsFeatures *features = gst_caps_get_features (caps, i);
    gboolean nvmm = gst_caps_features_contains (features, NVMM_FEATURE);
    if (!nvmm && !gst_caps_features_is_equal (features, GST_CAPS_FEATURES_MEMORY_SYSTEM_MEMORY))
      continue;
    for (guint n = 0; n < 2; n++) {
      GstStructure *structure = gst_structure_copy (gst_caps_get_structure (caps, i));
      const GValue *format = gst_structure_get_value (gst_caps_get_structure (caps, i), "format");
      gst_structure_set (structure, "width", GST_TYPE_INT_RANGE, 1, G_MAXINT, "height", GST_TYPE_INT_RANGE, 1,
          G_MAXINT, NULL);
      if (gst_structure_has_field (structure, "pixel-aspect-ratio"))
        gst_structure_set (structure, "pixel-aspect-ratio", GST_TYPE_FRACTION_RANGE, 1, G_MAXINT, G_MAXINT, 1, NULL);
      gst_structure_remove_fields (structure, "colorimetry", "chroma-site", NULL);
      others = gst_caps_merge (others, with_formats (structure, n == 0 ? nvmm : !nvmm, input, format));
    }
  }
  return others;
}

GstCaps *
converter_transform_caps (GstBaseTransform * trans, GstPadDirection direction, GstCaps * caps, GstCaps * filter)
{
  GstCaps *others = other_caps (direction, caps);

  (void) trans;
  if (filter != NULL) {
    GstCaps *all = others;
    others = gst_caps_intersect_full (filter, all, GST_CAPS_INTERSECT_FIRST);
    gst_caps_unref (all);
  }
  return others;
}

gboolean
converter_unit_size (GstBaseTransform * trans, GstCaps * caps, gsize * size)
{
  GstVideoInfo info;

  (void) trans;
  if (!gst_video_info_from_caps (&info, caps))
    return FALSE;
  *size = nvmm_caps (caps) ? NVMM_SIZE : GST_VIDEO_INFO_SIZE (&info);
  return TRUE;
}

gboolean
converter_transform_size (GstBaseTransform * trans, GstPadDirection direction, GstCaps * caps, gsize size,
    GstCaps * other, gsize * other_size)
{
  (void) direction;
  (void) caps;
  (void) size;
  return converter_unit_size (trans, other, other_size);
}

/* The size that is not given follows the other one's, and what does not fit is made up for by the pixels' shape. */
static void
fixate_size (GstStructure * in, GstStructure * out, gboolean sideways)
{
  gint width, height, par_n = 1, par_d = 1, dar_n, dar_d, out_width = 0, out_height = 0;

  gst_structure_get_int (in, "width", &width);
  gst_structure_get_int (in, "height", &height);
  gst_structure_get_fraction (in, "pixel-aspect-ratio", &par_n, &par_d);
  if (!gst_util_fraction_multiply (width, height, par_n, par_d, &dar_n, &dar_d))
    return;
  if (sideways) {
    gint kept = width;
    width = height, height = kept;
    kept = dar_n;
    dar_n = dar_d, dar_d = kept;
  }
  const GValue *par = gst_structure_get_value (out, "pixel-aspect-ratio");
  gboolean square = par != NULL && gst_value_is_fixed (par);
  if (square) {
    /* dar = width / height * par, so width / height = dar / par. */
    gst_structure_get_fraction (out, "pixel-aspect-ratio", &par_n, &par_d);
    gst_structure_get_int (out, "width", &out_width);
    gst_structure_get_int (out, "height", &out_height);
    if (out_width != 0 && out_height == 0)
      height = gst_util_uint64_scale (out_width, (guint64) dar_d * par_n, (guint64) dar_n * par_d);
    else if (out_height != 0 && out_width == 0)
      width = gst_util_uint64_scale (out_height, (guint64) dar_n * par_d, (guint64) dar_d * par_n);
  }
  gst_structure_fixate_field_nearest_int (out, "width", width);
  gst_structure_fixate_field_nearest_int (out, "height", height);
  if (square)
    return;
  gst_structure_get_int (out, "width", &out_width);
  gst_structure_get_int (out, "height", &out_height);
  if (!gst_util_fraction_multiply (dar_n, dar_d, out_height, out_width, &par_n, &par_d))
    return;
  if (par != NULL)
    gst_structure_fixate_field_nearest_fraction (out, "pixel-aspect-ratio", par_n, par_d);
  else if (par_n != par_d)
    gst_structure_set (out, "pixel-aspect-ratio", GST_TYPE_FRACTION, par_n, par_d, NULL);
}

GstCaps *
converter_fixate (GstPadDirection direction, GstCaps * caps, GstCaps * others, gboolean sideways)
{
  guint chosen = 0;

  /* NVMM where it is possible. */
  for (guint i = gst_caps_get_size (others); i-- > 0;)
    if (gst_caps_features_contains (gst_caps_get_features (others, i), NVMM_FEATURE))
      chosen = i;
  GstCaps *fixed = gst_caps_copy_nth (others, chosen);
  gst_caps_unref (others);
  GstStructure *in = gst_caps_get_structure (caps, 0), *out = gst_caps_get_structure (fixed, 0);
  const gchar *format = gst_structure_get_string (in, "format");
  if (format != NULL)
    gst_structure_fixate_field_string (out, "format", format);
  if (direction == GST_PAD_SINK)
    fixate_size (in, out, sideways);
  return gst_caps_fixate (fixed);
}
