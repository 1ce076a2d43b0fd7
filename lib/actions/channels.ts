// The channels by which people are told. Another one is a module of its own and an entry here.
import type { App } from '../app.ts';
import type { Channel } from '../mail/channel.ts';
import { mailChannel } from './mail-channel.ts';

export type ChannelParts = Pick<App, 'mail'>;

export const channelsOf = ({ mail }: ChannelParts): readonly Channel[] => [mailChannel(mail)];
