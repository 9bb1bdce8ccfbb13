#include "ticker.h"

void
ticker_init (Ticker * self)
{
  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
}

void
ticker_clear (Ticker * self)
{
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->changed);
}

void
ticker_unlock (Ticker * self, gboolean unlocked)
{
  g_mutex_lock (&self->lock);
  self->unlocked = unlocked;
  g_cond_signal (&self->changed);
  g_mutex_unlock (&self->lock);
}

gboolean
ticker_wait (Ticker * self, gint64 when)
{
  g_mutex_lock (&self->lock);
  while (!self->unlocked && g_cond_wait_until (&self->changed, &self->lock, when))
    continue;
  gboolean on = !self->unlocked;
  g_mutex_unlock (&self->lock);
  return on;
}
