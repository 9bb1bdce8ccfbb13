#include "inner.h"

#include <gst/video/video.h>

static Wrapper *
outer (GstPad * pad)
{
  return gst_pad_get_element_private (pad);
}

static GstFlowReturn
from_chain (GstPad * pad, GstObject * parent, GstBuffer * buffer)
{
  Wrapper *self = outer (pad);

  (void) parent;
  GstFlowReturn flow = WRAPPER_GET_CLASS (self)->buffer_out (self, &buffer);
  return flow != GST_FLOW_OK || buffer == NULL ? flow : gst_pad_push (self->src, buffer);
}

static gboolean
from_event (GstPad * pad, GstObject * parent, GstEvent * event)
{
  Wrapper *self = outer (pad);
  GstCaps *caps;

  (void) parent;
  if (GST_EVENT_TYPE (event) != GST_EVENT_CAPS)
    return gst_pad_push_event (self->src, event);
  gst_event_parse_caps (event, &caps);
  caps = WRAPPER_GET_CLASS (self)->caps_out (self, caps);
  gst_event_unref (event);
  if (caps == NULL)
    return FALSE;
  gboolean done = gst_pad_push_event (self->src, gst_event_new_caps (caps));
  gst_caps_unref (caps);
  return done;
}

static gboolean
from_query (GstPad * pad, GstObject * parent, GstQuery * query)
{
  Wrapper *self = outer (pad);
  const gchar *text = WRAPPER_GET_CLASS (self)->inner_caps;
  GstCaps *filter, *caps;

  (void) parent;
  switch (GST_QUERY_TYPE (query)) {
    case GST_QUERY_CAPS:
      caps = text != NULL ? gst_caps_from_string (text) : gst_caps_new_any ();
      gst_query_parse_caps (query, &filter);
      if (filter != NULL) {
        GstCaps *all = caps;
        caps = gst_caps_intersect_full (filter, all, GST_CAPS_INTERSECT_FIRST);
        gst_caps_unref (all);
      }
      gst_query_set_caps_result (query, caps);
      gst_caps_unref (caps);
      return TRUE;
    case GST_QUERY_ACCEPT_CAPS:
      gst_query_set_accept_caps_result (query, TRUE);
      return TRUE;
    case GST_QUERY_ALLOCATION:
      gst_query_add_allocation_meta (query, GST_VIDEO_META_API_TYPE, NULL);
      return TRUE;
    default:
      return gst_pad_peer_query (self->src, query);
  }
}

static gboolean
into_event (GstPad * pad, GstObject * parent, GstEvent * event)
{
  (void) parent;
  return gst_pad_push_event (outer (pad)->sink, event);
}

static gboolean
into_query (GstPad * pad, GstObject * parent, GstQuery * query)
{
  if (GST_QUERY_TYPE (query) == GST_QUERY_CAPS)
    return gst_pad_query_default (pad, parent, query);
  return gst_pad_peer_query (outer (pad)->sink, query);
}

/* Messages of the inner element that matter outside, with the outer one as their source. */
static GstBusSyncReply
inner_message (GstBus * bus, GstMessage * message, gpointer data)
{
  const GstMessageType kinds = GST_MESSAGE_ERROR | GST_MESSAGE_WARNING | GST_MESSAGE_QOS | GST_MESSAGE_LATENCY;

  (void) bus;
  if (GST_MESSAGE_TYPE (message) & kinds) {
    message = gst_message_make_writable (message);
    gst_object_replace (&message->src, GST_OBJECT (data));
    gst_element_post_message (GST_ELEMENT (data), message);
  } else {
    gst_message_unref (message); /* who drops a message has taken it */
  }
  return GST_BUS_DROP;
}

GstPad *
inner_pad (Wrapper * self, gboolean src)
{
  GST_OBJECT_LOCK (self);
  GstElement *inner = self->inner != NULL ? gst_object_ref (self->inner) : NULL;
  GST_OBJECT_UNLOCK (self);
  if (inner == NULL)
    return NULL;
  GstPad *pad = gst_element_get_static_pad (inner, src ? "src" : "sink");
  gst_object_unref (inner);
  return pad;
}

void
inner_drop (Wrapper * self)
{
  GST_OBJECT_LOCK (self);
  GstElement *inner = self->inner;
  self->inner = NULL;
  GST_OBJECT_UNLOCK (self);
  if (inner == NULL)
    return;
  gst_element_set_state (inner, GST_STATE_NULL);
  gst_element_set_bus (inner, NULL);
  gst_pad_set_active (self->into, FALSE);
  gst_pad_set_active (self->from, FALSE);
  gst_object_unref (inner); /* its pads are unlinked with it */
  gst_clear_object (&self->into);
  gst_clear_object (&self->from);
}

gboolean
inner_make (Wrapper * self, GstCaps * caps)
{
  GstElement *inner = WRAPPER_GET_CLASS (self)->make (self, caps);

  if (inner == NULL)
    return FALSE;
  gst_object_ref_sink (inner);
  self->into = gst_object_ref_sink (gst_pad_new ("into", GST_PAD_SRC));
  self->from = gst_object_ref_sink (gst_pad_new ("from", GST_PAD_SINK));
  gst_pad_set_element_private (self->into, self);
  gst_pad_set_element_private (self->from, self);
  gst_pad_set_event_function (self->into, into_event);
  gst_pad_set_query_function (self->into, into_query);
  gst_pad_set_chain_function (self->from, from_chain);
  gst_pad_set_event_function (self->from, from_event);
  gst_pad_set_query_function (self->from, from_query);

  GstBus *bus = gst_bus_new ();
  gst_bus_set_sync_handler (bus, inner_message, self, NULL);
  gst_element_set_bus (inner, bus);
  gst_object_unref (bus);

  GST_OBJECT_LOCK (self);
  self->inner = inner;
  GST_OBJECT_UNLOCK (self);
  GstPad *sink = inner_pad (self, FALSE), *src = inner_pad (self, TRUE);
  gst_pad_link_full (self->into, sink, GST_PAD_LINK_CHECK_NOTHING);
  gst_pad_link_full (src, self->from, GST_PAD_LINK_CHECK_NOTHING);
  gst_object_unref (sink);
  gst_object_unref (src);
  gst_pad_set_active (self->into, TRUE);
  gst_pad_set_active (self->from, TRUE);
  return gst_element_set_state (inner, GST_STATE_PLAYING) != GST_STATE_CHANGE_FAILURE;
}
