/* Which caps nvvidconv makes of which, by release. */

#pragma once

#include <gst/base/gstbasetransform.h>

/* The templates, to be unreferenced. */
GstCaps *converter_sink_caps (void);
GstCaps *converter_src_caps (void);

/* Of a GstBaseTransform. */
GstCaps *converter_transform_caps (GstBaseTransform * trans, GstPadDirection direction, GstCaps * caps,
    GstCaps * filter);
gboolean converter_unit_size (GstBaseTransform * trans, GstCaps * caps, gsize * size);
gboolean converter_transform_size (GstBaseTransform * trans, GstPadDirection direction, GstCaps * caps, gsize size,
    GstCaps * other, gsize * other_size);

/* Fixed caps of the output that are nearest to the input's. Takes "others". */
GstCaps *converter_fixate (GstPadDirection direction, GstCaps * caps, GstCaps * others, gboolean sideways);
